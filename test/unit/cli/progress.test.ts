import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createProgress } from '../../../src/cli/progress.ts'

function shown(isTTY: boolean) {
  const state = { written: '', now: 0 }
  const stderr = { isTTY, write: (text: string) => (state.written += text) }
  return { state, progress: createProgress({ stderr }, () => state.now) }
}

describe('progress', () => {
  it('is one line with a bar on a terminal, and leaves nothing behind', () => {
    const { state, progress } = shown(true)
    progress.show('3 accounts listed', { done: 3, total: 4 })
    progress.show('3 accounts listed', { done: 3, total: 4 })
    assert.equal(state.written, '\r\u001b[K[##################------]  75 % 3 accounts listed')
    state.written = ''
    progress.show('9 accounts listed', { done: 9, total: 4 })
    assert.equal(state.written, '\r\u001b[K[########################] 100 % 9 accounts listed')
    state.written = ''
    progress.show('no whole is known', { done: 1, total: 0 })
    assert.equal(state.written, '\r\u001b[Kno whole is known')
    state.written = ''
    progress.end()
    assert.equal(state.written, '\r\u001b[K')
  })

  it('is a plain line now and then elsewhere, and none for what is over at once', () => {
    const { state, progress } = shown(false)
    for (; state.now <= 12_000; state.now += 1_000)
      progress.show(`${state.now} listed`, { done: state.now, total: 24_000 })
    progress.end()
    assert.equal(state.written, '20 % 5000 listed\n41 % 10000 listed\n')
  })
})
