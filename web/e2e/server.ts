import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const PROJECT = new URL('../..', import.meta.url).pathname
const PROGRAM = process.env['GARMIN_SYNC_PROGRAM'] ?? join(PROJECT, 'target/debug/garmin-sync')

/** A rule of the simulator: which calls go wrong, and how (`crates/garmin-simulator/src/faults.rs`). */
export interface FaultRule {
  fault: { kind: string; [detail: string]: unknown }
  matcher?: { path_contains?: string; days?: { from: string; to: string }; from_call?: number; to_call?: number }
  times?: number
}

/** `garmin-sync serve` on free ports and a directory of its own, with the simulated Garmin. */
export class Server {
  private constructor(
    private readonly process: ChildProcess,
    private readonly data: string,
    readonly url: string,
  ) {}

  static async start(latencyMs: number): Promise<Server> {
    const data = mkdtempSync(join(tmpdir(), 'garmin-sync-e2e-'))
    const ports = ['--http', '--dynamodb', '--sqs'].flatMap((flag) => [flag, '127.0.0.1:0'])
    const page = join(PROJECT, 'web/dist')
    const latency = String(latencyMs)
    const child = spawn(
      PROGRAM,
      ['--data', data, '--page', page, '--log', 'error', '--garmin-latency-ms', latency, ...ports, 'serve'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const lines = createInterface({ input: child.stdout })
    for await (const line of lines) {
      const url = /^listening on (http:\S+)$/.exec(line)?.[1]
      if (url !== undefined) return new Server(child, data, url)
    }
    throw new Error('garmin-sync serve ended before it listened')
  }

  /** The address that signs a user in. */
  address(user = 'demo'): string {
    return execFileSync(PROGRAM, ['--data', this.data, 'page', '--user', user], { encoding: 'utf8' }).trim()
  }

  /** What the API answers the demo user: what the page shows has to agree with it. */
  async api<T>(path: string): Promise<T> {
    const token = this.address().split('#token=')[1] ?? ''
    const headers = { Authorization: `Bearer ${token}` }
    const response = await fetch(`${this.url}/integrations/garmin/${path}`, { headers })
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return (await response.json()) as T
  }

  /** From now on exactly these calls to Garmin go wrong. */
  async faults(rules: FaultRule[]): Promise<void> {
    await this.simulator('faults', 'PUT', { rules })
  }

  /** Garmin refuses the account's tokens until somebody signs in anew. */
  async revoke(account = 'demo'): Promise<void> {
    await this.simulator(`revoke/${account}`, 'POST')
  }

  async stop(): Promise<void> {
    this.process.kill('SIGKILL')
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit')
    rmSync(this.data, { recursive: true, force: true })
  }

  private async simulator(path: string, method: string, body?: object): Promise<void> {
    const endpoints = JSON.parse(readFileSync(join(this.data, 'endpoints.json'), 'utf8')) as { simulator: string }
    const response = await fetch(`${endpoints.simulator}/__simulator/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
  }
}
