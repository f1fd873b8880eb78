// Fails when src/api/schema.d.ts is not what docs/openapi.json makes of it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const directory = mkdtempSync(join(tmpdir(), 'schema-'))
try {
    const made = join(directory, 'schema.d.ts')
    execFileSync('npx', ['--no', 'openapi-typescript', '../docs/openapi.json', '--output', made], { stdio: 'pipe' })
    if (readFileSync(made, 'utf8') !== readFileSync('src/api/schema.d.ts', 'utf8')) {
        console.error('src/api/schema.d.ts is not up to date: npm run generate')
        process.exitCode = 1
    }
} finally {
    rmSync(directory, { recursive: true })
}
