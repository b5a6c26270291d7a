import { expect } from "chai";
import { insideOf, isDevnet, mayReach, refusedSocket } from "../../../workers/batcher/socket.ts";

const PUBLIC = [
  "https://validator.example.org",
  "http://8.8.8.8:9000/base",
  "http://[2606:4700::1111]:80/",
  "http://172.32.0.1",
];
const LOCAL = [
  "http://127.0.0.1:1234",
  "http://localhost:1234",
  "http://a.localhost",
  "http://localhost.",
  "http://10.1.2.3",
  "http://172.16.0.1",
  "http://172.31.255.255",
  "http://192.168.1.1",
  "http://100.64.0.1",
  "http://[::1]:80",
  "http://[fd12:3456::1]",
  "http://[::ffff:127.0.0.1]",
  "http://[::ffff:10.0.0.1]",
  // One address, many spellings.
  "http://2130706433",
  "http://0x7f.1",
  "http://0177.0.0.1",
  "http://127.1.",
];
const NEVER = [
  "http://169.254.169.254/latest/meta-data",
  "http://0xa9fea9fe",
  "http://[::ffff:169.254.169.254]",
  "http://[::169.254.169.254]",
  "http://[64:ff9b::a9fe:a9fe]",
  "http://[2002:a9fe:a9fe::1]",
  "http://[fe80::1]",
  "http://[febf::1]",
  "http://[fd00:ec2::254]",
  "http://100.100.100.200",
  "http://0.0.0.0:80",
  "http://0.1.2.3",
  "http://[::]",
  "http://224.0.0.1",
  "http://255.255.255.255",
  "http://[ff02::1]",
  "ftp://8.8.8.8",
  "file:///etc/passwd",
  "gopher://8.8.8.8",
  "unix:/run/docker.sock",
  "http://user@8.8.8.8",
  "http://:secret@8.8.8.8",
  "http://8.8.8.8/?to=",
  "http://8.8.8.8/#",
  "http://8.8.8.8/#x",
  "http://",
  "8.8.8.8:80",
  "//8.8.8.8",
  "javascript:1",
  "",
  "\0",
];

describe("the socket that a validator registered (A38)", () => {
  for (const inside of [false, true]) {
    const where = inside ? "inside" : "outside";
    for (const [sockets, asked] of [
      [PUBLIC, true],
      [LOCAL, inside],
      [NEVER, false],
    ] as const) {
      for (const socket of sockets) {
        it(`${JSON.stringify(socket)} is ${asked ? "" : "not "}asked ${where}`, () => {
          expect(refusedSocket(socket, inside) === undefined).to.equal(asked);
        });
      }
    }
  }

  it("is held against the same ranges when a name turns out to have such an address", () => {
    expect(["127.0.0.1", "10.0.0.1", "::1", "169.254.1.1"].map((a) => mayReach(a, true))).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
    for (const address of ["127.0.0.1", "10.0.0.1", "::1", "169.254.1.1", "no address"])
      expect(mayReach(address, false), address).to.equal(false);
    for (const address of ["8.8.8.8", "2606:4700::1111"]) expect(mayReach(address, false), address).to.equal(true);
  });

  it("may be local where the chain is", () => {
    const devnets = ["http://127.0.0.1:8545", "http://localhost:8545", "http://192.168.0.7", "http://[::1]:1"];
    const others = ["https://sepolia.example.org", "http://8.8.8.8", "http://169.254.169.254", "", "http://0.0.0.0"];
    expect(devnets.filter(isDevnet)).to.deep.equal(devnets);
    expect(others.filter(isDevnet)).to.deep.equal([]);
  });

  it("may be local where the operator has named this very validator", () => {
    const isInside = insideOf("https://sepolia.example.org", ["http://127.0.0.1:9001/"]);
    const sockets = [
      "http://127.0.0.1:9001",
      "http://127.0.0.1:9002",
      "http://127.0.0.1:9001/x",
      "http://10.0.0.1:9001",
    ];
    expect(sockets.map(isInside)).to.deep.equal([true, false, false, false]);
    expect(insideOf("http://127.0.0.1:8545", [])("http://10.0.0.1")).to.equal(true);
  });
});
