import { type Command, Option } from "commander";

/** Adds `edgecap completion`. */
export function registerCompletion(program: Command): void {
  program
    .command("completion")
    .description("Print a script that completes verbs and options in a shell.")
    .argument("<shell>", "bash, zsh, fish or powershell")
    .addHelpText(
      "after",
      `
Examples:
  source <(edgecap completion bash)
  edgecap completion powershell | Out-String | Invoke-Expression`,
    )
    .action((shell: string, _flags: object, command: Command) => {
      const script = scripts[shell];
      if (script === undefined)
        command.error(`error: "${shell}" is not a shell that edgecap knows: give bash, zsh, fish or powershell`);
      else process.stdout.write(script(verbsOf(program)));
    });
}

interface Verb {
  readonly name: string;
  readonly description: string;
  readonly options: readonly Option[];
}

function verbsOf(program: Command): Verb[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: [...command.options, new Option("--help", "show help")],
  }));
}

function flagsOf({ options }: Verb): string {
  return options.map((option) => option.long).join(" ");
}

const scripts: Readonly<Record<string, (verbs: readonly Verb[]) => string>> = {
  bash: (verbs) => `_edgecap() {
  local current="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${verbs.map((verb) => verb.name).join(" ")} --help --version" -- "$current"))
    return
  fi
  local flags=""
  case "\${COMP_WORDS[1]}" in
${verbs.map((verb) => `    ${verb.name}) flags="${flagsOf(verb)}" ;;`).join("\n")}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _edgecap edgecap
`,
  zsh: (verbs) => `#compdef edgecap
_edgecap() {
  if (( CURRENT == 2 )); then
    local -a verbs=(${verbs.map((verb) => `'${verb.name}:${quoted(verb.description)}'`).join(" ")})
    _describe verb verbs
    return
  fi
  case "\${words[2]}" in
${verbs.map((verb) => `    ${verb.name}) _arguments ${verb.options.map((o) => `'${o.long}[${quoted(o.description)}]'`).join(" ")} '*:file:_files' ;;`).join("\n")}
  esac
}
compdef _edgecap edgecap
`,
  fish: (verbs) =>
    verbs
      .flatMap((verb) => [
        `complete -c edgecap -n __fish_use_subcommand -a ${verb.name} -d '${quoted(verb.description)}'`,
        ...verb.options.map(
          (option) =>
            `complete -c edgecap -n '__fish_seen_subcommand_from ${verb.name}' -l ${option.long?.slice(2)} -d '${quoted(option.description)}'`,
        ),
      ])
      .join("\n")
      .concat("\n"),
  powershell: (verbs) => `Register-ArgumentCompleter -Native -CommandName edgecap -ScriptBlock {
  param($word, $command, $cursor)
  $verbs = [ordered]@{
${verbs.map((verb) => `    '${verb.name}' = '${singleQuoted(verb.description)}'`).join("\n")}
  }
  $flags = @{
${verbs.map((verb) => `    '${verb.name}' = [ordered]@{ ${verb.options.map((option) => `'${option.long}' = '${singleQuoted(option.description)}'`).join("; ")} }`).join("\n")}
  }
  # What is typed before the cursor: a verb is complete once something follows it.
  $typed = @($command.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursor } | ForEach-Object { $_.ToString() })
  $isVerb = $typed.Count -lt 2 -or ($typed.Count -eq 2 -and $word -ne '')
  $found = if ($isVerb) { $verbs } elseif ($word.StartsWith('-')) { $flags[$typed[1]] }
  if ($null -eq $found) { return }
  foreach ($name in $found.Keys) {
    if (-not $name.StartsWith($word)) { continue }
    $kind = if ($isVerb) { 'ParameterValue' } else { 'ParameterName' }
    [System.Management.Automation.CompletionResult]::new($name, $name, $kind, $found[$name])
  }
}
`,
};

/** Text escaped for single quotes of PowerShell, which also takes curly quotes for quotes. */
function singleQuoted(text: string): string {
  return text.replaceAll(/['\u2018-\u201b]/g, "''");
}

/** Text escaped for single quotes and for zsh's brackets. */
function quoted(text: string): string {
  return text.replaceAll(/['[\]:]/g, " ");
}
