import { type RefObject, useEffect, useRef, useState } from 'react'

/** Whether an element is near the screen, and whether it has been. */
export function useNear<E extends Element>(): { ref: RefObject<E | null>; isNear: boolean; wasNear: boolean } {
  const ref = useRef<E>(null)
  const [isNear, setIsNear] = useState(false)
  const [wasNear, setWasNear] = useState(false)
  useEffect(() => {
    if (ref.current === null) return
    const observer = new IntersectionObserver(
      (entries) => {
        const { isIntersecting = false } = entries.at(-1) ?? {}
        setIsNear(isIntersecting)
        if (isIntersecting) setWasNear(true)
      },
      // A screen ahead, so that who scrolls at reading pace finds it loaded.
      { rootMargin: '400px' },
    )
    observer.observe(ref.current)
    return () => observer.disconnect()
  }, [])
  return { ref, isNear, wasNear }
}
