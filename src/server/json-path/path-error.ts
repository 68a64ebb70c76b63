/** Thrown if a path is wrong, as NemesisDB finds it: it does not parse, or it computes an index that is not there. */
export class PathError extends Error {
  override readonly name: string = 'PathError';
}

/** Thrown if NemesisDB would take a path, but this server does not. The message is for the client. */
export class PathRefusedError extends PathError {
  override readonly name: string = 'PathRefusedError';
}
