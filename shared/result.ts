/** An expected outcome is a value: parsers and policies return one of these and never throw. */
export type Result<T, R = string> = ({ ok: true } & T) | { ok: false; reason: R }
