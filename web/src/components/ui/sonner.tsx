import { CircleCheckIcon, InfoIcon, OctagonXIcon } from 'lucide-react'
import { Toaster as Sonner, type ToasterProps } from 'sonner'

export function Toaster(props: ToasterProps) {
  return (
    <Sonner
      style={{ fontFamily: 'inherit' }}
      icons={{
        success: <CircleCheckIcon className="size-4" />,
        info: <InfoIcon className="size-4" />,
        error: <OctagonXIcon className="size-4" />,
      }}
      toastOptions={{
        classNames: {
          toast: 'border! border-border! bg-popover! text-popover-foreground!',
          description: 'text-muted-foreground!',
        },
      }}
      {...props}
    />
  )
}
