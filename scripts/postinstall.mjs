// Runs on the Node that package-lock.json pins (node_modules/.bin precedes PATH in npm scripts), whatever Node started npm.
import { repairEdr } from "./install/edr.mjs";
import { buildKzg } from "./install/kzg.mjs";

repairEdr();
buildKzg();
