import type { SendMail } from './channels.ts'

const patienceMs = 10_000

export interface MailServer {
  /** `smtp://` or `smtps://`, with or without `user:password@`. Never logged. */
  readonly url: string
  /** True when a password may go out in clear: the host is this machine, or `DRAWBRIDGE_INSECURE_TARGETS` names it. */
  readonly insecure: boolean
}

/** Sends by SMTP; the client is loaded with the first e-mail. With a password, only over TLS. */
export function smtpSender({ url, insecure }: MailServer): SendMail {
  const { protocol, hostname, port, username, password } = new URL(url)
  const secure = protocol === 'smtps:'
  const auth =
    username === ''
      ? {}
      : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }
  const options = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (secure ? 465 : 587)),
    secure,
    requireTLS: !secure && username !== '' && !insecure,
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...auth,
  }
  return async ({ from, to, subject, text, html, messageId }) => {
    const { createTransport } = await import('nodemailer')
    const transport = createTransport(options)
    const headers = { 'auto-submitted': 'auto-generated' }
    await transport
      .sendMail({ from, to: [...to], subject, text, html, messageId, headers })
      .catch((error: unknown) => Promise.reject(refusalOf(error)))
      .finally(() => transport.close())
  }
}

/** The server's words could hold what was sent to it: only codes go on. */
function refusalOf(error: unknown): Error {
  const { code, responseCode } = error as { readonly code?: string; readonly responseCode?: number }
  const parts = ['the mail server did not take it', code, responseCode]
  return new Error(parts.filter((part) => part !== undefined).join(' '))
}
