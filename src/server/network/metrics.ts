/** What Prometheus reads at `/metrics`. */
export interface Metrics {
  readonly connections: number;
  readonly waitingReplyBytes: number;
  readonly sessions: number;
  readonly sessionKeys: number;
  readonly topLevelKeys: number;
  /** `undefined` if the store does not count it. */
  readonly memoryUsed: number | undefined;
  /** How often each command was executed. */
  readonly commands: ReadonlyMap<string, number>;
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly string[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map((sample) => name + sample), ''].join('\n');
}

/** Writes metrics in Prometheus' text format. */
export function metricsText(metrics: Metrics): string {
  const gauge = (name: string, help: string, value: number) => metric(name, 'gauge', help, [` ${value}`]);
  const commands = [...metrics.commands].map(([command, count]) => `{command="${command}"} ${count}`);
  return [
    gauge('nemesisdb_connections', 'Clients that are connected.', metrics.connections),
    gauge('nemesisdb_waiting_reply_bytes', 'Bytes of replies that wait for clients.', metrics.waitingReplyBytes),
    gauge('nemesisdb_sessions', 'Sessions that are alive.', metrics.sessions),
    gauge('nemesisdb_session_keys', 'Keys in all sessions.', metrics.sessionKeys),
    gauge('nemesisdb_top_level_keys', 'Keys at the top level.', metrics.topLevelKeys),
    metrics.memoryUsed === undefined
      ? ''
      : gauge('nemesisdb_memory_used_bytes', 'Approximate bytes of keys and sessions.', metrics.memoryUsed),
    metric('nemesisdb_commands_total', 'counter', 'Commands executed since the start.', commands),
  ].join('');
}
