/** Characters that a bearer token has at least; and how many different ones. */
export const shortestSecret = 16
const fewest = 8

/** In words for the admin, for all secrets that people choose. */
export const strongSecret = `at least ${shortestSecret} characters that nobody guesses, such as from: openssl rand -base64 32`

/** Whether a secret could be guessed: too short, of few different characters, a repeated text, or a run like 0123456789abcdef. */
export function isWeakSecret(secret: string): boolean {
  if (secret.length < shortestSecret || new Set(secret).size < fewest) return true
  const repeats = `${secret}${secret}`.indexOf(secret, 1) < secret.length
  const steps = [...secret].filter(
    (character, at) => at > 0 && Math.abs(character.charCodeAt(0) - secret.charCodeAt(at - 1)) <= 1,
  )
  return repeats || steps.length > secret.length * 0.75
}
