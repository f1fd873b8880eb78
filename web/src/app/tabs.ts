/** What this page's other tabs should look at again. */
export type Change = 'sync' | 'link'

const channel = new BroadcastChannel('garmin-sync')

/** Tells the other tabs; the one that did it knows. */
export function announceChange(change: Change): void {
  channel.postMessage(change)
}

/** Calls back when another tab has changed something; returns how to stop that. */
export function onChangeElsewhere(listener: (change: Change) => void): () => void {
  const heard = ({ data }: MessageEvent<Change>) => listener(data)
  channel.addEventListener('message', heard)
  return () => channel.removeEventListener('message', heard)
}
