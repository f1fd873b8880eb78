// Fails when a dependency has a known flaw of high or critical severity; a registry that cannot tell is no failure.
import { spawnSync } from 'node:child_process'

const { stdout } = spawnSync('npm', ['audit', '--json'], { encoding: 'utf8' })
const found = (JSON.parse(stdout || '{}').metadata ?? {}).vulnerabilities
if (found === undefined) {
    console.log('npm audit skipped: the registry does not answer it')
} else if (found.high + found.critical > 0) {
    console.error(`${found.high + found.critical} dependencies have serious flaws: npm audit`)
    process.exit(1)
}
