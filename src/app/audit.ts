import type { Logger } from 'pino'
import { type Receiver, syslogReceiver, webhookReceiver } from '../operations/audit/receivers.ts'
import { type Keeper, startAuditKeeper } from '../operations/audit/audit.ts'
import type { Environment } from '../model/configuration.ts'
import { post } from '../egress.ts'
import type { Store } from './stores.ts'
import type { Kit } from '../vendors/kit/kit.ts'
import { release } from './release.ts'

/** Seals, delivers and drops events of the audit while the gateway runs. */
export function openAudit(
  environment: Environment,
  store: Store,
  dispatcher: Kit['dispatcher'],
  log: Logger,
): Keeper {
  const { auditWebhook, auditSyslog, auditRetentionDays: retentionDays } = environment
  const receivers: Receiver[] = []
  if (auditWebhook) {
    const { url, secret } = auditWebhook
    receivers.push(webhookReceiver(url, secret, (to, headers, body) => post(dispatcher, to, headers, body)))
  }
  if (auditSyslog) receivers.push(syslogReceiver(auditSyslog, release()))
  return startAuditKeeper({ store: store.audit, log, receivers, retentionDays })
}
