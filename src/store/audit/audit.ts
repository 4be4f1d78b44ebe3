import type { AuditStore } from '../../audit/ports.ts'
import type { Sql } from '../sql/client.ts'
import { anchor, chains, head, keptHead, links, seal } from './chain.ts'
import { drop, erase } from './change.ts'
import { delivered, keepDelivered, takeTurn } from './delivery.ts'
import { page, sealed } from './read.ts'

/** `hot` is for sealing: every event is sealed once. */
export function createAuditStore(db: Sql, hot: Sql): AuditStore {
  return {
    seal: (most) => seal(hot, most),
    chains: () => chains(db),
    head: (chain) => head(db, chain),
    anchor: (chain) => anchor(db, chain),
    keptHead: (chain) => keptHead(db, chain),
    links: (chain, after, limit) => links(db, chain, after, limit),
    sealed: (chain, after, limit) => sealed(db, chain, after, limit),
    page: (query, after, limit) => page(db, query, after, limit),
    erase: (directory, userName, by) => erase(db, directory, userName, by),
    drop: (days) => drop(db, days),
    takeTurn: (receiver, owner, ms) => takeTurn(db, receiver, owner, ms),
    delivered: (receiver, chain) => delivered(db, receiver, chain),
    keepDelivered: (receiver, chain, position) => keepDelivered(db, receiver, chain, position),
  }
}
