/** Hands on what is given in one turn of the event loop together, in its order, at most so many at a time. */
export function byTurn<A>(most: number, handOn: (all: readonly A[]) => void): (given: A) => void {
  let waiting: A[] = []
  const send = (): void => {
    const all = waiting
    waiting = []
    for (let at = 0; at < all.length; at += most) handOn(all.slice(at, at + most))
  }
  return (given) => {
    if (waiting.length === 0) setImmediate(send)
    waiting.push(given)
  }
}
