/** How much processor time some work takes, in milliseconds: other work on the machine does not lengthen it. */
export function processorMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
