export { writeWhole } from "../files/write_whole.ts";
