/**
 * Proves what test/contracts/proofs asserts, with the compiler's own SMTChecker (Z3 inside the locked solc). An assertion
 * that does not hold, or that could not be decided, is an error; and so is a prover that takes a wrong one for proved.
 *
 * LineProofs: the arithmetic of the pools (contracts/libraries/Line.sol, as deployed), for every value in range.
 * LotteryProofs: the prize and its bounds (contracts/libraries/Lottery.sol, as deployed).
 * BooksProofs: the moves of money between the books, in every order; written as the contract does them, not the contract
 * itself, whose mappings are beyond the prover: test/contracts/invariant/Rewards.t.sol ties the two together.
 * BondProofs, StakeBooksProofs: the same of DASigners (contracts/libraries/StakeRules.sol), tied together by
 * test/contracts/invariant/Signers.t.sol.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

interface Solc {
  compile(input: string, callbacks: { import: (path: string) => { contents: string } }): string;
}
interface Message {
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  readonly formattedMessage: string;
}
interface Proof {
  readonly contract: string;
  /** BMC looks at one function at a time and knows arithmetic; CHC looks at sequences of calls. */
  readonly engine: "bmc" | "chc";
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = "test/contracts/proofs";
const PROOFS: readonly Proof[] = [
  { contract: "LineProofs", engine: "bmc" },
  { contract: "BooksProofs", engine: "chc" },
  { contract: "BondProofs", engine: "bmc" },
  { contract: "StakeBooksProofs", engine: "chc" },
  { contract: "LotteryProofs", engine: "bmc" },
];
const WRONG = "contract Wrong { function f(uint256 x) external pure { assert(x * 2 != 84); } }";

const solc = createRequire(import.meta.url)("solc") as Solc;

/** What the checker says of each assertion: proved, or why not. */
function check(path: string, content: string, { contract, engine }: Proof): { proved: number; open: string[] } {
  const modelChecker = {
    engine,
    contracts: { [path]: [contract] },
    targets: ["assert"],
    solvers: ["z3"],
    showProvedSafe: true,
    showUnproved: true,
  };
  const input = {
    language: "Solidity",
    sources: { [path]: { content } },
    settings: { evmVersion: "prague", modelChecker, outputSelection: { "*": { "*": [] } } },
  };
  const read = (name: string) => ({ contents: readFileSync(`${ROOT}${name}`, "utf8") });
  const { errors = [] } = JSON.parse(solc.compile(JSON.stringify(input), { import: read })) as { errors?: Message[] };
  const about = errors.filter(({ message }) => /Assertion violation|could not be proved/.test(message));
  return {
    proved: about.filter(({ message }) => message.includes("is safe!")).length,
    open: [
      ...about.filter(({ message }) => !message.includes("is safe!")),
      ...errors.filter(({ severity }) => severity === "error"),
    ].map(({ formattedMessage }) => formattedMessage.trim()),
  };
}

let passing = 0;
const failures: string[] = [];
for (const proof of PROOFS) {
  const path = `${FOLDER}/${proof.contract}.sol`;
  const content = readFileSync(`${ROOT}${path}`, "utf8");
  const asserted = content.match(/\bassert\(/g)?.length ?? 0;
  const started = performance.now();
  const { proved, open } = check(path, content, proof);
  const canary = check("Wrong.sol", `pragma solidity 0.8.37; ${WRONG}`, { ...proof, contract: "Wrong" });
  if (canary.proved !== 0) failures.push(`${proof.engine} proves what is wrong`);
  if (proved !== asserted) failures.push(...open, `${proof.contract}: ${proved} of ${asserted} assertions proved`);
  passing += proved;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`  ${proof.contract}: ${proved} of ${asserted} assertions proved by ${proof.engine} in ${seconds} s`);
}
for (const failure of failures) console.log(failure);
console.log(`\n  ${passing} passing${failures.length === 0 ? "" : `\n  ${failures.length} failing`}`);
process.exitCode = failures.length === 0 ? 0 : 1;
