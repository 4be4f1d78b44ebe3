import { Argument, type Command } from 'commander'
import { examples, newCommand, type CommandContext } from '../../cli/command.ts'

export function completionCommand(context: CommandContext): Command {
  const command = newCommand('completion', context)
    .description('Print a completion script for a shell.')
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
    const program = command.parent
    if (program) context.io.stdout.write(completion(shell, program))
    context.finish(0)
  })
}

interface Word {
  readonly text: string
  readonly about: string
}

/** What may follow one command path, such as `audit/export`; the program itself is ''. */
interface Place {
  readonly path: string
  /** Subcommands, and what an argument may be where that is a choice. */
  readonly words: readonly Word[]
  /** Long options. */
  readonly options: readonly Word[]
  /** Of options that take a value: what it may be; empty for any. */
  readonly values: readonly { readonly option: string; readonly choices: readonly string[] }[]
}

function placesOf(program: Command): readonly Place[] {
  const visit = (command: Command, path: readonly string[]): readonly Place[] => [
    {
      path: path.join('/'),
      words: [
        ...command.commands.map((each) => ({ text: each.name(), about: each.description() })),
        ...command.registeredArguments.flatMap(({ argChoices = [], description }) =>
          argChoices.map((text) => ({ text, about: description })),
        ),
      ],
      options: [
        ...command.options.map(({ long, description: about }) => ({ text: long ?? '', about })),
        { text: '--help', about: 'explain the command' },
      ],
      values: command.options.flatMap(({ long, required, optional, argChoices: choices = [] }) =>
        long && (required || optional) ? [{ option: long, choices }] : [],
      ),
    },
    ...command.commands.flatMap((each) => visit(each, [...path, each.name()])),
  ]
  return visit(program, [])
}

/** A script that knows the words of every command; it asks nobody when it completes. */
function completion(shell: 'bash' | 'zsh' | 'fish', program: Command): string {
  const places = placesOf(program)
  return { bash, zsh, fish }[shell](places)
}

const joined = (words: readonly Word[]): string => words.map(({ text }) => text).join(' ')

/** Lines of a `case` over `<path> <option before>`, then over the path: the same in both shells. */
function cases(places: readonly Place[]): string {
  const values = places.flatMap(({ path, values: each }) =>
    each.map(({ option, choices }) => `    "${path} ${option}") found="${choices.join(' ')}" ;;`),
  )
  const words = places.map(
    ({ path, words: each, options }) => `    "${path} "*) found="${joined([...each, ...options])}" ;;`,
  )
  return [...values, ...words].join('\n')
}

const known = (places: readonly Place[]): string =>
  ` ${places
    .map(({ path }) => path)
    .filter(Boolean)
    .join(' ')} `

function bash(places: readonly Place[]): string {
  return `_drawbridge() {
  local at="" found="" known="${known(places)}" index next
  for ((index = 1; index < COMP_CWORD; index++)); do
    next="\${at:+$at/}\${COMP_WORDS[index]}"
    [[ "$known" == *" $next "* ]] && at="$next"
  done
  case "$at \${COMP_WORDS[COMP_CWORD - 1]}" in
${cases(places)}
  esac
  COMPREPLY=($(compgen -W "$found" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _drawbridge drawbridge
`
}

/** Found by its first line in a folder of fpath; it can be sourced as well. */
function zsh(places: readonly Place[]): string {
  return `#compdef drawbridge
_drawbridge() {
  local at="" found="" known="${known(places)}" index next
  for ((index = 2; index < CURRENT; index++)); do
    next="\${at:+$at/}\${words[index]}"
    [[ "$known" == *" $next "* ]] && at="$next"
  done
  case "$at \${words[CURRENT - 1]}" in
${cases(places)}
  esac
  if [[ -n "$found" ]]; then compadd -- \${=found}; else _files; fi
}
if [[ "$zsh_eval_context[-1]" == loadautofunc ]]; then _drawbridge "$@"; else compdef _drawbridge drawbridge; fi
`
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap((place) => {
    const condition = `-n '${seen(place, places)}'`
    const line = (rest: string, about: string) =>
      `complete -c drawbridge ${condition} ${rest} -d '${about.replaceAll("'", '’')}'`
    return [
      ...place.words.map(({ text, about }) => line(`-f -a ${text}`, about)),
      ...place.options.map(({ text, about }) => {
        const value = place.values.find(({ option }) => option === text)
        const takes = value?.choices.length ? `-x -a '${value.choices.join(' ')}'` : value ? '-r' : ''
        return line(`-l ${text.slice(2)} ${takes}`.trim(), about)
      }),
    ]
  })
  return `${lines.join('\n')}\n`
}

/** Every word of the path stands there, and none that would lead on. */
function seen({ path }: Place, places: readonly Place[]): string {
  if (path === '') return '__fish_use_subcommand'
  const further = places.filter((each) => each.path.startsWith(`${path}/`)).map(lastOf)
  return [
    ...path.split('/').map((word) => `__fish_seen_subcommand_from ${word}`),
    ...(further.length > 0 ? [`not __fish_seen_subcommand_from ${further.join(' ')}`] : []),
  ].join('; and ')
}

const lastOf = ({ path }: Place): string => path.split('/').at(-1) ?? ''
