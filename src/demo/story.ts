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
