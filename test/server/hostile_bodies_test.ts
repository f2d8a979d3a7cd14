/** Bodies that an attacker makes slow to read, at a tenth of the largest size; the long test has the rest. */
import { hostileBodies } from "./hostile_bodies.ts";

hostileBodies(2);
