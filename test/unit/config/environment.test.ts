import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadEnvironment } from '../../../src/config/environment.ts'

const file = fileURLToPath(import.meta.url)

describe('process settings', () => {
  it('have defaults for everything', () => {
    assert.deepEqual(loadEnvironment({}), {
      ok: true,
      environment: {
        host: '127.0.0.1',
        port: 8080,
        trustProxy: false,
        dataDir: './.drawbridge',
        insecureTargets: [],
        logLevel: 'info',
      },
    })
  })

  it('are read from the environment, empty variables aside', () => {
    assert.deepEqual(
      loadEnvironment({
        HOST: '0.0.0.0',
        PORT: '9000',
        PUBLIC_URL: 'https://scim.corp.example/',
        TLS_CERT: file,
        TLS_KEY: file,
        TRUST_PROXY: '10.0.0.0/8, ::1',
        DATABASE_URL: 'postgresql://user:password@db/drawbridge',
        DRAWBRIDGE_DATA_DIR: '',
        DRAWBRIDGE_INSECURE_TARGETS: '127.0.0.1, Sentry.corp.example:9000,',
        LOG_LEVEL: 'debug',
      }),
      {
        ok: true,
        environment: {
          host: '0.0.0.0',
          port: 9000,
          publicUrl: 'https://scim.corp.example',
          tls: { certFile: file, keyFile: file },
          trustProxy: '10.0.0.0/8, ::1',
          databaseUrl: 'postgresql://user:password@db/drawbridge',
          dataDir: './.drawbridge',
          insecureTargets: ['127.0.0.1', 'sentry.corp.example:9000'],
          logLevel: 'debug',
        },
      },
    )
  })

  it('are refused together, without their values', () => {
    const hush = 'hush://hush'
    const loaded = loadEnvironment({
      HOST: hush,
      PORT: '65536',
      PUBLIC_URL: hush,
      TLS_CERT: file,
      TRUST_PROXY: hush,
      DATABASE_URL: hush,
      DRAWBRIDGE_INSECURE_TARGETS: hush,
      LOG_LEVEL: hush,
    })
    assert.ok(!loaded.ok)
    assert.deepEqual(
      loaded.problems.map(({ name }) => name),
      [
        'HOST',
        'PORT',
        'PUBLIC_URL',
        'TRUST_PROXY',
        'DATABASE_URL',
        'DRAWBRIDGE_INSECURE_TARGETS',
        'LOG_LEVEL',
        'TLS_KEY',
      ],
    )
    assert.ok(!JSON.stringify(loaded).includes('hush'))
  })

  it('take true and false for a proxy', () => {
    for (const [text, expected] of [
      ['true', true],
      ['false', false],
    ] as const) {
      const loaded = loadEnvironment({ TRUST_PROXY: text })
      assert.ok(loaded.ok && loaded.environment.trustProxy === expected)
    }
  })

  it('say to whom notices go by e-mail, and where traces go', () => {
    const loaded = loadEnvironment({
      NOTICE_EMAIL_TO: 'ops@corp.example, sec@corp.example',
      NOTICE_EMAIL_FROM: 'Drawbridge <gate@corp.example>',
      NOTICE_SMTP_URL: 'smtps://user%40corp:p%3Ass@mail.corp.example',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20a2V5, x-team = ops',
    })
    assert.ok(loaded.ok)
    assert.deepEqual(loaded.environment.noticeMail, {
      to: ['ops@corp.example', 'sec@corp.example'],
      from: 'Drawbridge <gate@corp.example>',
      smtpUrl: 'smtps://user%40corp:p%3Ass@mail.corp.example',
    })
    assert.deepEqual(loaded.environment.tracing, {
      endpoint: 'http://collector:4318',
      headers: { authorization: 'Basic a2V5', 'x-team': 'ops' },
      serviceName: 'drawbridge',
    })
  })

  const unusable: readonly (readonly [string, string])[] = [
    ['NOTICE_EMAIL_TO', 'ops@corp.example, hush'],
    ['NOTICE_EMAIL_TO', 'ops@corp.example\r\nBcc: hush@evil.example'],
    ['NOTICE_EMAIL_FROM', 'hush\nBcc: x@y.example <gate@corp.example>'],
    ['NOTICE_SMTP_URL', 'http://hush:hush@mail'],
    ['NOTICE_SMTP_URL', 'smtp://hush:%zz@mail'],
    ['NOTICE_SMTP_URL', 'smtp://mail/?hush=1'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://hush:hush@collector'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'hush'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'key=hush%0d%0ax: y'],
  ]
  for (const [name, value] of unusable) {
    it(`refuse ${JSON.stringify(value)} for ${name}, without showing it`, () => {
      const loaded = loadEnvironment({ [name]: value })
      assert.ok(!loaded.ok && loaded.problems.some((problem) => problem.name === name))
      assert.ok(!JSON.stringify(loaded).includes('hush'))
    })
  }

  it('go together or not at all', () => {
    const loaded = loadEnvironment({ NOTICE_EMAIL_TO: 'ops@corp.example' })
    assert.ok(!loaded.ok)
    assert.deepEqual(
      loaded.problems.map(({ name }) => name),
      ['NOTICE_EMAIL_FROM', 'NOTICE_SMTP_URL'],
    )
  })
})
