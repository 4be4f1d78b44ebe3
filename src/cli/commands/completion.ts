import { type Command, Argument } from 'commander'
import { examples, newCommand, type Parts } from '../command.ts'

export function completionCommand(parts: Parts): Command {
  const command = newCommand('completion', parts)
    .description('Print a script that completes commands and options in a shell.')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      examples(
        'completion bash > /etc/bash_completion.d/drawbridge',
        'completion zsh > "${fpath[1]}/_drawbridge"',
        'completion fish > ~/.config/fish/completions/drawbridge.fish',
      ),
    )
  return command.action(async (shell: 'bash' | 'zsh' | 'fish') => {
    const { completion } = await import('../operate/completion.ts')
    const program = command.parent
    if (program) parts.surroundings.stdout.write(completion(shell, program))
    parts.finish(0)
  })
}
