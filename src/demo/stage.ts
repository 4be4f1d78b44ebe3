import { setTimeout as delay } from 'node:timers/promises'
import type { Gateway } from '../app/gateway.ts'
import type { DemoVendors } from './setting.ts'
import { settled } from './table.ts'

export interface StageSetting {
  readonly gateway: Gateway
  readonly simulated: DemoVendors
  readonly token: string
  readonly say: {
    readonly out: (line?: string) => void
    readonly paint: (style: 'bold' | 'dim' | 'red' | 'green' | 'yellow', text: string) => string
  }
}

const longestWaitMs = 20_000

/** Sends a story's requests over HTTP and shows, under each, the vendor calls that it caused. */
export function createStage(story: Story, { gateway, simulated, token, say }: StageSetting): Stage {
  const { out, paint } = say
  return {
    scene(title) {
      out()
      out(paint('bold', `${story.title} · ${title}`))
    },

    async push(method, path, body) {
      const before = simulated.mark()
      const startedAt = performance.now()
      const response = await fetch(`${gateway.url}/scim/v2${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json; charset=utf-8' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      const tookMs = Math.round(performance.now() - startedAt)
      const text = await response.text()
      out(
        `  ${method} ${decodeURIComponent(path)} ${paint(response.ok ? 'green' : 'red', String(response.status))} ${paint('dim', `${tookMs} ms`)}`,
      )
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
      await untilSettled(gateway)
      for (const line of simulated.since(before)) out(paint('dim', `      ${line}`))
      // A 204 of Entra's group PATCH has no body; the story asks only creations for their id.
      return text === '' ? { id: '' } : (JSON.parse(text) as { readonly id: string })
    },
  }
}

async function untilSettled(gateway: Gateway): Promise<void> {
  const deadline = performance.now() + longestWaitMs
  while (!(await settled(gateway))) {
    if (performance.now() > deadline) throw new Error('the vendors were not brought up to date in time')
    await delay(20)
  }
}

export interface Stage {
  scene(title: string): void
  /** Sends a SCIM request, waits until what it caused is settled, and shows both. Rejects on an answer that the story does not expect. */
  push(method: string, path: string, body?: object): Promise<{ readonly id: string }>
}

export interface Story {
  readonly title: string
  readonly client: 'okta' | 'entra'
  play(stage: Stage): Promise<void>
}
