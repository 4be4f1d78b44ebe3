import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface Received {
  readonly from: string
  readonly to: readonly string[]
  /** Headers and body as they came, soft line breaks of quoted-printable taken out. */
  readonly data: string
}

export interface MailServer {
  readonly port: number
  readonly received: Received[]
  /** What clients authenticated with: user and password. */
  readonly logins: (readonly [string, string])[]
  /** Answers every e-mail with it instead of taking it, such as `451 later`. */
  refusal: string | undefined
}

/** The least of an SMTP server (RFC 5321), on loopback: EHLO, AUTH PLAIN, MAIL, RCPT, DATA, QUIT. */
export async function startMailServer(t: TestContext, { auth = false } = {}): Promise<MailServer> {
  const mail: MailServer = { port: 0, received: [], logins: [], refusal: undefined }
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket, mail, auth)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return Object.assign(mail, { port: (server.address() as AddressInfo).port })
}

function serve(socket: Socket, mail: MailServer, auth: boolean): void {
  const say = (line: string): boolean => socket.write(`${line}\r\n`)
  let [from, to, pending, data] = ['', [] as string[], '', undefined as string[] | undefined]
  const answers: Readonly<Record<string, (line: string) => void>> = {
    EHLO: () => say(auth ? '250-localhost\r\n250 AUTH PLAIN' : '250 localhost'),
    AUTH: (line) => {
      const [, user = '', password = ''] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
        .toString()
        .split('\0')
      mail.logins.push([user, password])
      say('235 welcome')
    },
    MAIL: (line) => {
      from = within(line)
      to = []
      say('250 ok')
    },
    RCPT: (line) => {
      to.push(within(line))
      say('250 ok')
    },
    DATA: () => {
      data = []
      say('354 go on')
    },
    QUIT: () => {
      say('221 bye')
      socket.end()
    },
  }
  const take = (line: string): void => {
    if (!data) return (answers[line.slice(0, 4).toUpperCase()] ?? (() => say('502 what')))(line)
    if (line !== '.') return void data.push(line.replace(/^\./, ''))
    const text = data.join('\n').replaceAll('=\n', '')
    data = undefined
    if (mail.refusal === undefined) mail.received.push({ from, to, data: text })
    say(mail.refusal ?? '250 taken')
  }
  say('220 localhost')
  socket.on('data', (chunk) => {
    const lines = (pending + chunk.toString('utf8')).split('\r\n')
    pending = lines.pop() ?? ''
    for (const line of lines) take(line)
  })
}

const within = (line: string): string => /<([^>]*)>/.exec(line)?.[1] ?? ''
