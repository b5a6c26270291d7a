// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {DAEntrance} from "../../../contracts/da/DAEntrance.sol";
import {DASigners} from "../../../contracts/da/DASigners.sol";
import {BLS} from "../../../contracts/libraries/BLS.sol";
import {G1, G2} from "../../../contracts/types/Points.sol";
import {EntranceTest} from "./EntranceTest.sol";
import {Signing} from "./Signing.sol";

/// @notice What TypeScript signs, and what it calls a batch, in the eyes of the contracts. The contracts are moved to the
/// addresses of the vectors: code by `etch`, the rest happens there.
contract VectorsTest is EntranceTest {
    string internal _json;

    function setUp() external {
        _deploySystem();
        _json = vm.readFile("test/vectors/attestation.json");
        vm.chainId(vm.parseJsonUint(_json, ".chainId"));
        address there = vm.parseJsonAddress(_json, ".signers");
        vm.etch(there, address(signers).code);
        signers = DASigners(there);
        address payable entranceThere = payable(vm.parseJsonAddress(_json, ".entrance"));
        vm.etch(entranceThere, address(entrance).code);
        entrance = DAEntrance(entranceThere);
    }

    function test_ThePossessionOfTypeScriptIsAccepted() external {
        G1 memory key = abi.decode(vm.parseJsonBytes(_json, ".publicKey"), (G1));
        G2 memory proof = abi.decode(vm.parseJsonBytes(_json, ".possessionProof"), (G2));
        address account = vm.parseJsonAddress(_json, ".account");
        vm.assertEq(signers.possessionMessage(account, key), vm.parseJsonBytes32(_json, ".possession"));
        vm.assertEq(abi.encode(key), abi.encode(Signing.publicKey(vm.parseJsonUint(_json, ".secret"))));
        vm.deal(account, 1 ether);
        vm.prank(account);
        vm.assertEq(signers.register{value: 1 ether}(key, proof, "http://localhost"), 0);
    }

    function test_TheAttestationOfTypeScriptIsAccepted() external {
        bytes32 batchId = vm.parseJsonBytes32(_json, ".batchId");
        // A record with this id and epoch, submitted in block 1 of which the hash is the seed: word 4 of the batch.
        uint256 base = uint256(keccak256(abi.encode(batchId, uint256(3))));
        uint256 word = (1 << 96) | (vm.parseJsonUint(_json, ".epoch") << 144);
        vm.store(address(entrance), bytes32(base + 4), bytes32(word));
        vm.roll(2);
        vm.setBlockhash(1, vm.parseJsonBytes32(_json, ".seed"));
        vm.assertEq(entrance.record(batchId).epoch, vm.parseJsonUint(_json, ".epoch"));

        bytes32 message = entrance.messageOf(batchId);
        vm.assertEq(message, vm.parseJsonBytes32(_json, ".attestation"));
        G1 memory key = abi.decode(vm.parseJsonBytes(_json, ".publicKey"), (G1));
        G2 memory signature = abi.decode(vm.parseJsonBytes(_json, ".signature"), (G2));
        vm.assertTrue(BLS.verify(key, signature, abi.encodePacked(message), Signing.ATTESTATION));
    }

    function test_BatchAndStreamIdsAreThoseOfTypeScript() external view {
        string memory json = vm.readFile("test/vectors/batch.json");
        for (uint256 i = 0; i < 4; ++i) {
            IDAEntrance.BatchCommitment memory c = IDAEntrance.BatchCommitment({
                batchRoot: vm.parseJsonBytes32(json, _at(i, "batchRoot")),
                rowsRoot: vm.parseJsonBytes32(json, _at(i, "rowsRoot")),
                metadataRoot: vm.parseJsonBytes32(json, _at(i, "metadataRoot")),
                blobCount: uint32(vm.parseJsonUint(json, _at(i, "blobCount"))),
                rowCount: uint32(vm.parseJsonUint(json, _at(i, "rowCount"))),
                metadataLength: uint32(vm.parseJsonUint(json, _at(i, "metadataLength"))),
                attempt: uint32(vm.parseJsonUint(json, _at(i, "attempt")))
            });
            address from = vm.parseJsonAddress(json, _at(i, "submitter"));
            vm.assertEq(entrance.batchIdOf(from, c), vm.parseJsonBytes32(json, _at(i, "batchId")));
            vm.assertEq(entrance.streamId(), vm.parseJsonBytes32(json, _at(i, "streamId")));
        }
    }

    function _at(uint256 i, string memory name) internal pure returns (string memory) {
        return string.concat("[", vm.toString(i), "].", name);
    }
}
