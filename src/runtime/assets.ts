export const which = "default";
