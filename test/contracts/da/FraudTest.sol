// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAFraud} from "../../../contracts/interfaces/IDAFraud.sol";
import {BlobHeader} from "../../../contracts/types/BlobHeader.sol";
import {BlobProof} from "../../../contracts/types/BlobProof.sol";
import {Opening, RowSector, RowsPart} from "../../../contracts/types/FraudProof.sol";
import {EntranceTest} from "./EntranceTest.sol";

/// @notice A certified batch of honest, corrupt and malformed blobs, and what TypeScript proves of them
/// (scripts/vectors-fraud.ts).
abstract contract FraudTest is EntranceTest {
    uint256 internal constant ONE_ROW = 0;
    uint256 internal constant THREE_ROWS = 1;
    uint256 internal constant SMALL_ORDER = 9;
    uint256 internal constant BLOBS = 11;

    string internal _json;
    Case internal _batch;
    uint256 internal _bond;

    /// @notice A proof that a blob's rows are not what its commitment opens to.
    struct Claim {
        BlobProof proof;
        uint256 position;
        RowsPart[] parts;
        Opening opening;
    }

    function _certify() internal {
        _json = vm.readFile("test/vectors/fraud.json");
        _batch = _case(uint32(vm.parseJsonUint(_json, ".rowCount")), 10_000, "fraud");
        _batch.commitment.batchRoot = vm.parseJsonBytes32(_json, ".batchRoot");
        _batch.commitment.blobCount = uint32(vm.parseJsonUint(_json, ".blobCount"));
        Case memory c = _confirmed(_batch);
        _batch.id = c.id;
        _bond = entrance.record(c.id).bond;
    }

    function _proofOf(uint256 blob) internal view returns (BlobProof memory proof) {
        string memory item = _item(".blobs", blob);
        proof.header = BlobHeader({
            version: uint16(vm.parseJsonUint(_json, string.concat(item, ".version"))),
            dataRoot: vm.parseJsonBytes32(_json, string.concat(item, ".dataRoot")),
            commitmentHi: vm.parseJsonBytes32(_json, string.concat(item, ".commitmentHi")),
            commitmentLo: bytes16(vm.parseJsonBytes(_json, string.concat(item, ".commitmentLo"))),
            length: uint32(vm.parseJsonUint(_json, string.concat(item, ".length"))),
            rows: uint16(vm.parseJsonUint(_json, string.concat(item, ".rows"))),
            account: vm.parseJsonAddress(_json, string.concat(item, ".account")),
            salt: vm.parseJsonBytes32(_json, string.concat(item, ".salt"))
        });
        proof.index = blob;
        proof.path = vm.parseJsonBytes32Array(_json, string.concat(item, ".path"));
    }

    function _corrupt(uint256 i) internal view returns (Claim memory) {
        return _claim(_item(".corrupt", i));
    }

    function _honest(uint256 i) internal view returns (Claim memory) {
        return _claim(_item(".honest", i));
    }

    function _claim(string memory item) internal view returns (Claim memory c) {
        c.proof = _proofOf(vm.parseJsonUint(_json, string.concat(item, ".blob")));
        c.position = vm.parseJsonUint(_json, string.concat(item, ".position"));
        c.opening.value = vm.parseJsonBytes32(_json, string.concat(item, ".opening.value"));
        c.opening.proof = vm.parseJsonBytes(_json, string.concat(item, ".opening.proof"));
        uint256 count = 0;
        while (vm.keyExistsJson(_json, string.concat(_item(string.concat(item, ".parts"), count), ".height"))) ++count;
        c.parts = new RowsPart[](count);
        for (uint256 i = 0; i < count; ++i) c.parts[i] = _part(_item(string.concat(item, ".parts"), i));
    }

    function _part(string memory item) private view returns (RowsPart memory part) {
        part.height = vm.parseJsonUint(_json, string.concat(item, ".height"));
        part.path = vm.parseJsonBytes32Array(_json, string.concat(item, ".path"));
        bytes32[] memory flat = vm.parseJsonBytes32Array(_json, string.concat(item, ".rows"));
        part.rows = new RowSector[](flat.length / 18);
        for (uint256 i = 0; i < flat.length; ++i) {
            RowSector memory row = part.rows[i / 18];
            if (i % 18 < 8) row.sector[i % 18] = flat[i];
            else row.path[(i % 18) - 8] = flat[i];
        }
    }

    function _prove(Claim memory c) internal {
        for (uint256 i = 0; i + 1 < c.parts.length; ++i) {
            entrance.sumRows(_batch.id, c.proof, c.position, c.parts[i]);
        }
        entrance.proveCorrupt(_batch.id, c.proof, c.position, c.parts[c.parts.length - 1], c.opening);
    }

    function _proveCall(Claim memory c) internal view returns (bytes memory) {
        RowsPart memory last = c.parts[c.parts.length - 1];
        return abi.encodeCall(IDAFraud.proveCorrupt, (_batch.id, c.proof, c.position, last, c.opening));
    }

    function _item(string memory list, uint256 i) internal pure returns (string memory) {
        return string.concat(list, "[", vm.toString(i), "]");
    }
}
