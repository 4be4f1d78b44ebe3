import { createHmac } from 'node:crypto'

/**
 * The header that proves where a delivery is from and when: `t=<seconds since the epoch>,v1=<hex>`, the HMAC-SHA256 of
 * `<t>.<body>` under the shared secret.
 */
export function signed(body: string, secret: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1_000)
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`
}
