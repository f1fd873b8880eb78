// Fails when what the settings page loads before it can be used is over 300 KB, compressed. What is loaded on demand (charts,
// another language, the issuer's sign-in) does not count.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const LIMIT_KB = 300
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('asset-manifest.json', dist), 'utf8'))

/** A chunk with everything it imports statically. */
function closure(name, found = new Set()) {
    const { file, css = [], imports = [] } = manifest[name]
    for (const path of [file, ...css]) found.add(path)
    for (const other of imports) closure(other, found)
    return found
}

const files = [...closure('index.html')].map((path) => ({
    path,
    kb: gzipSync(readFileSync(new URL(path, dist))).length / 1024,
}))
const total = files.reduce((sum, { kb }) => sum + kb, 0)
for (const { path, kb } of files) console.log(`${kb.toFixed(1).padStart(7)} KB  ${path}`)
console.log(`${total.toFixed(1).padStart(7)} KB  of ${LIMIT_KB} KB for the settings page, gzipped`)
if (total > LIMIT_KB) {
    console.error('The settings page is too large.')
    process.exit(1)
}
