// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Genesis} from "../../../contracts/Genesis.sol";
import {DAEntrance} from "../../../contracts/da/DAEntrance.sol";
import {Flow} from "../../../contracts/flow/Flow.sol";
import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {FixedPrice} from "../../../contracts/pay/FixedPrice.sol";
import {anyMining} from "../base/MineTerms.sol";
import {EntranceFactory, PartnerDouble} from "./EntranceFactory.sol";
import {SignersTest} from "./SignersTest.sol";

/// @notice The whole system on its real parts, and batches to pass through it.
abstract contract EntranceTest is SignersTest {
    uint64 internal constant WINDOW = 120;
    uint64 internal constant RETENTION = 500;
    uint96 internal constant BOND = 0.01 ether;
    uint96 internal constant DA_FEE = 0.001 ether;
    uint256 internal constant PRICE = 1 gwei;

    Flow internal flow;
    FixedPrice internal market;
    DAEntrance internal entrance;
    PartnerDouble internal sampling;
    PartnerDouble internal challenges;
    address internal submitter = actor("submitter");
    address internal priceAdmin = actor("price admin");

    /// @notice A batch as its submitter knows it.
    struct Case {
        IDAEntrance.BatchCommitment commitment;
        bytes32[] rowNodes;
        bytes32[] metadataNodes;
        bytes32 id;
    }

    function _deploySystem() internal {
        _deploySigners();
        Genesis genesis = new Genesis(
            Genesis.Parameters(1_000_000, PRICE, priceAdmin, 1 << 15, 365 days, 0, 0, address(0)),
            anyMining()
        );
        (flow, market) = (genesis.flow(), genesis.market());
        _deployEntrance(WINDOW);
    }

    function _deployEntrance(uint64 window) internal {
        EntranceFactory factory = _newEntrance(window, RETENTION, BOND, DA_FEE);
        (entrance, sampling, challenges) = (factory.entrance(), factory.sampling(), factory.challenges());
    }

    function _newEntrance(
        uint64 window,
        uint64 retention,
        uint96 bond,
        uint96 daFee
    ) internal returns (EntranceFactory) {
        IDAEntrance.Terms memory terms = IDAEntrance.Terms(window, retention, bond, daFee);
        return new EntranceFactory(address(flow), address(signers), terms);
    }

    function _deployWith(uint256 validators) internal returns (uint64 epoch) {
        _deploySystem();
        _joinMany(validators, 1 ether);
        return _settle();
    }

    function _case(uint32 rowCount, uint32 metadataLength, bytes32 salt) internal pure returns (Case memory c) {
        c.rowNodes = _nodes(uint256(rowCount) * 262_144, keccak256(abi.encode(salt, "rows")));
        c.metadataNodes = _nodes(metadataLength, keccak256(abi.encode(salt, "metadata")));
        c.commitment = IDAEntrance.BatchCommitment({
            batchRoot: keccak256(abi.encode(salt, "batch")),
            rowsRoot: keccak256(abi.encodePacked(c.rowNodes)),
            metadataRoot: keccak256(abi.encodePacked(c.metadataNodes)),
            blobCount: 1,
            rowCount: rowCount,
            metadataLength: metadataLength,
            attempt: 0
        });
    }

    function _case() internal pure returns (Case memory) {
        return _case(15, 10_000, "default");
    }

    /// @dev As many roots as 0G splits a file of that length into.
    function _nodes(uint256 length, bytes32 salt) internal pure returns (bytes32[] memory nodes) {
        uint256 sectors = (length + 255) / 256;
        uint256 power = 1;
        while (power < sectors) power *= 2;
        uint256 unit = power < 16 ? 1 : power / 16;
        uint256 padded = ((sectors + unit - 1) / unit) * unit;
        uint256 count;
        for (uint256 rest = padded; rest != 0; rest &= rest - 1) ++count;
        nodes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) nodes[i] = keccak256(abi.encode(salt, i));
    }

    function _quote(Case memory c) internal view returns (uint256) {
        (uint256 storageFee, uint256 daFee, uint256 bond) = entrance.quoteBatch(
            c.commitment.rowCount,
            c.commitment.metadataLength
        );
        return storageFee + daFee + bond;
    }

    function _submit(Case memory c) internal returns (bytes32) {
        return _submitAs(submitter, c, _quote(c));
    }

    function _submitAs(address from, Case memory c, uint256 value) internal returns (bytes32) {
        vm.deal(from, value);
        vm.prank(from);
        return c.id = entrance.submitBatch{value: value}(c.commitment);
    }

    /// @dev To the next block; the hash of the one before is the seed.
    function _mine() internal returns (bytes32 seed) {
        uint256 number = vm.getBlockNumber();
        seed = keccak256(abi.encode("block", number));
        vm.roll(number + 1);
        vm.setBlockhash(number, seed);
    }

    function _submitted(Case memory c) internal returns (Case memory) {
        _submit(c);
        _mine();
        return c;
    }

    function _signed(Case memory c, uint8[] memory absent) internal view returns (IDASigners.Attestation memory) {
        return _attestation(entrance.record(c.id).epoch, entrance.messageOf(c.id), absent);
    }

    function _confirm(Case memory c) internal {
        entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, _signed(c, _none()));
    }

    function _confirmed(Case memory c) internal returns (Case memory) {
        _confirm(_submitted(c));
        return c;
    }

    function _expire(Case memory c) internal {
        vm.roll(uint256(entrance.confirmDeadline(c.id)) + 1);
    }
}
