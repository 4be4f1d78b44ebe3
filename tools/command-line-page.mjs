import { createProgram } from '../src/app/program.ts'
import { exitCodeMeanings } from '../src/cli/exit-codes.ts'
import { createOutput } from '../src/cli/output.ts'

/** docs/command-line.md, from the program itself. */
export function commandLinePage() {
  const nowhere = { env: {}, stdout: { write() {} }, stderr: { write() {} } }
  const program = createProgram({
    io: nowhere,
    output: createOutput(nowhere),
    finish() {},
  })
  return [
    '# Command line',
    '',
    'Generated from the program (`npm run schema:write`). In a checkout `npm run drawbridge -- <command>` is the command line.',
    '',
    'Commands that operate a gateway find it by `--url` or `DRAWBRIDGE_URL` with the token in `DRAWBRIDGE_ADMIN_TOKEN`; without these, the one that runs on the data directory ([operations](operations.md#command-line)). Scripts that complete commands in a shell: `drawbridge completion bash|zsh|fish`.',
    '',
    '| exit code | meaning |',
    '|---|---|',
    ...Object.entries(exitCodeMeanings).map(([code, meaning]) => `| ${code} | ${meaning} |`),
    '',
    ...program.commands.flatMap((command) => sectionsOf(command, [])),
  ].join('\n')
}

function sectionsOf(command, path) {
  const names = [...path, command.name()]
  if (command.commands.length > 0) return command.commands.flatMap((each) => sectionsOf(each, names))
  return [`## ${names.join(' ')}`, '', '```text', helpOf(command), '```', '']
}

/** As `--help` prints it, in a width that does not depend on who asks. */
function helpOf(command) {
  let text = ''
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => 100,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return text.trim()
}
