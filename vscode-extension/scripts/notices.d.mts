export function notices(inputs: readonly string[], root: string): string;
