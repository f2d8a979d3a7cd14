export const which = "bun";
