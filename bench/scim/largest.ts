import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { mostResourceBytes } from '../../src/scim/values/bounds.ts'
import { startEmbedded } from '../../src/store/embedded/embedded.ts'
import { startServer } from './process.ts'

/** `npm run bench:largest`: the memory of a gateway that lists Users of the largest size, 20 lists at once, over and over. */
const users = 560
const lists = 20
const rounds = 5
const megabyte = 1024 ** 2

const dir = await mkdtemp(join(tmpdir(), 'drawbridge-largest-'))
await chmod(dir, 0o777)
const embedded = await startEmbedded(dir)
const client = new pg.Client({ connectionString: embedded.url('postgres') })
await client.connect()
await client.query('CREATE DATABASE bench')
await client.end()
const token = `bench_${randomBytes(16).toString('hex')}`
const server = await startServer('./gateway.ts', {
  databaseUrl: embedded.url('bench'),
  token,
  publicUrl: 'https://scim.corp.example',
})
const base = `http://127.0.0.1:${server.port}/scim/v2/Users`
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' }
let most = 0
const watch = setInterval(() => void server.rss().then((rss) => (most = Math.max(most, rss))), 100)
try {
  const value = randomBytes(mostResourceBytes / 8 - 200).toString('hex')
  for (let at = 0; at < users; at++) {
    const body = JSON.stringify({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: `p${at}@corp.example`,
      active: true,
      photos: ['a', 'b', 'c', 'd'].map((type) => ({ type, value })),
    })
    const { status } = await fetch(base, { method: 'POST', headers, body })
    if (status !== 201) throw new Error(`a create was answered ${status}`)
  }
  const made = most
  const statuses = new Map<number, number>()
  for (let at = 0; at < rounds; at++) {
    await Promise.all(
      Array.from({ length: lists }, async () => {
        const answer = await fetch(`${base}?count=500`, { headers })
        await answer.text()
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      }),
    )
  }
  const told = [...statuses].map(([status, count]) => `${count} of ${status}`).join(', ')
  console.log(
    `${users} Users of ${mostResourceBytes / 1024} KiB made: ${Math.round(made / megabyte)} MB; ${lists} lists at once, ${rounds} times (${told}): ${Math.round(most / megabyte)} MB at most`,
  )
} finally {
  clearInterval(watch)
  await server.stop()
  await embedded.stop()
  await rm(dir, { recursive: true, force: true })
}
