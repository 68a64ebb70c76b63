import { Status } from '../../protocol/status.js';

/** A reply whose members are written already. Members are sorted by name, as NemesisDB's are. */
export function reply(command: string, members: string): string {
  return `{"${command}_RSP":{${members}}}`;
}

/** The refusal of a command. Its name may be anything the client made up. */
export function refusal(command: string, status: number, message = ''): string {
  return `{${JSON.stringify(`${command}_RSP`)}:{"m":${JSON.stringify(message)},"st":${status},"tkn":null}}`;
}

/** The refusal of a frame that names no command, and of what fails in a `KV_` command. */
export function error(status: number): string {
  return `{"ERR":{"m":"","st":${status}}}`;
}

export const ok = `"st":${Status.Ok}`;
