/** Whoever wants to hear of something at once. */
export interface Alerts<Alert> {
  /** Tells every listener. */
  tell(alert: Alert): void;
  /** Hears of every alert from now on; gives the way to hear no more. */
  onAlert(listener: (alert: Alert) => void): () => void;
}

/** Makes alerts that nobody hears yet. */
export function createAlerts<Alert>(): Alerts<Alert> {
  const listeners = new Set<(alert: Alert) => void>();
  return {
    tell(alert) {
      for (const listener of listeners) listener(alert);
    },
    onAlert(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
