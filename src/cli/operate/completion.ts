import type { Command } from 'commander'

interface Word {
  readonly text: string
  readonly about: string
}

/** Words that may follow each command path: subcommands and long options. */
function wordsOf(program: Command): ReadonlyMap<string, readonly Word[]> {
  const found = new Map<string, readonly Word[]>()
  const visit = (command: Command, path: readonly string[]): void => {
    const words = [
      ...command.commands.map((each) => ({ text: each.name(), about: each.description() })),
      ...command.options.map((each) => ({ text: each.long ?? each.short ?? '', about: each.description })),
      { text: '--help', about: 'explain the command' },
    ]
    found.set(path.join(' '), words)
    for (const each of command.commands) visit(each, [...path, each.name()])
  }
  visit(program, [])
  return found
}

/** A script that knows the words of every command; it asks nobody when it completes. */
export function completion(shell: 'bash' | 'zsh' | 'fish', program: Command): string {
  const words = wordsOf(program)
  if (shell === 'fish') return fish(words)
  const bash = bashFunction(words)
  return shell === 'bash'
    ? `${bash}complete -o default -F _drawbridge drawbridge\n`
    : `#compdef drawbridge\nautoload -Uz bashcompinit && bashcompinit\n${bash}complete -o default -F _drawbridge drawbridge\n`
}

function bashFunction(words: ReadonlyMap<string, readonly Word[]>): string {
  const cases = [...words].map(
    ([path, each]) => `    "${path}") words="${each.map(({ text }) => text).join(' ')}" ;;`,
  )
  const paths = [...words.keys()].filter((path) => path !== '')
  return `_drawbridge() {
  local path="" words="" known=" ${paths.map((path) => path.replaceAll(' ', '/')).join(' ')} " index
  for ((index = 1; index < COMP_CWORD; index++)); do
    local next="\${path:+$path/}\${COMP_WORDS[index]}"
    [[ "$known" == *" $next "* ]] && path="$next"
  done
  case "\${path//\\// }" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
`
}

function fish(words: ReadonlyMap<string, readonly Word[]>): string {
  const lines = [...words].flatMap(([path, each]) => {
    const under =
      path === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.split(' ').at(-1)}`
    return each.map(({ text, about }) => {
      const word = text.startsWith('--') ? `-l ${text.slice(2)}` : `-f -a ${text}`
      return `complete -c drawbridge -n '${under}' ${word} -d '${about.replaceAll("'", '’')}'`
    })
  })
  return `${lines.join('\n')}\n`
}
