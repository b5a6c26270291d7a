// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Genesis} from "../../../contracts/Genesis.sol";
import {Flow} from "../../../contracts/flow/Flow.sol";
import {PoraMine} from "../../../contracts/mine/PoraMine.sol";
import {ChunkLinearReward} from "../../../contracts/pay/ChunkLinearReward.sol";
import {FixedPrice} from "../../../contracts/pay/FixedPrice.sol";
import {Submission, SubmissionData, SubmissionNode} from "../../../contracts/types/Submission.sol";
import {anyMining} from "./MineTerms.sol";
import {Test} from "./Test.sol";

/// @notice The log with its price and pools, deployed as on a network, and named actors.
abstract contract StorageTest is Test {
    uint256 internal constant BLOCKS_PER_EPOCH = 60;
    /// @dev The price of 0G's networks: 8 tokens a TiB and month, 12 months.
    uint256 internal constant PRICE = 30_733_644_962;
    /// @dev 8 MiB, so that tests reach several chunks.
    uint256 internal constant SECTORS_PER_PRICE = 32_768;
    uint256 internal constant LIFETIME = 372 days;

    address internal admin;
    address internal alice;
    address internal bob;

    Flow internal flow;
    FixedPrice internal market;
    ChunkLinearReward internal reward;
    Genesis internal genesis;

    function setUp() public virtual {
        admin = actor("admin");
        alice = actor("alice");
        bob = actor("bob");
        vm.deal(alice, 1e30);
        vm.deal(bob, 1e30);
        vm.roll(1_000);
        vm.warp(1_800_000_000);
        deployStorage(SECTORS_PER_PRICE);
    }

    function deployStorage(uint256 sectorsPerPrice) internal {
        deployStorage(sectorsPerPrice, BLOCKS_PER_EPOCH);
    }

    function deployStorage(uint256 sectorsPerPrice, uint256 blocksPerEpoch) internal {
        deployStorage(sectorsPerPrice, blocksPerEpoch, anyMining());
    }

    function deployStorage(
        uint256 sectorsPerPrice,
        uint256 blocksPerEpoch,
        PoraMine.Parameters memory mining
    ) internal {
        genesis = new Genesis(
            Genesis.Parameters({
                blocksPerEpoch: blocksPerEpoch,
                pricePerSector: PRICE,
                priceAdmin: admin,
                sectorsPerPrice: sectorsPerPrice,
                releaseSeconds: LIFETIME,
                baseReward: 0,
                serviceFeeRateBps: 0,
                treasury: address(0)
            }),
            mining
        );
        flow = genesis.flow();
        market = genesis.market();
        reward = genesis.reward();
    }

    /// @dev The entry of a file of `sectors` whole sectors: the padded size split as 0G splits it, its node roots drawn
    /// from the seed.
    function entryOf(address submitter, uint256 sectors, bytes32 seed) internal pure returns (Submission memory entry) {
        uint256 padded = paddedSectors(sectors);
        uint256 count = popcount(padded);
        entry.submitter = submitter;
        entry.data.length = sectors * 256;
        entry.data.nodes = new SubmissionNode[](count);
        uint256 i = 0;
        for (uint256 height = 64; height > 0; --height) {
            if ((padded >> (height - 1)) & 1 == 0) continue;
            entry.data.nodes[i] = SubmissionNode({root: keccak256(abi.encode(seed, i)), height: height - 1});
            ++i;
        }
    }

    /// @dev 0G's padding: up to a multiple of 1/16 of the next power of two.
    function paddedSectors(uint256 sectors) internal pure returns (uint256) {
        uint256 power = 1;
        while (power < sectors) power *= 2;
        uint256 unit = power < 16 ? 1 : power / 16;
        return ((sectors + unit - 1) / unit) * unit;
    }

    function popcount(uint256 x) internal pure returns (uint256 count) {
        for (; x != 0; x &= x - 1) ++count;
    }

    function submitAs(address who, Submission memory entry) internal returns (uint256 start) {
        uint256 sectors = paddedSectors((entry.data.length + 255) / 256);
        uint256 fee = sectors * market.pricePerSector();
        vm.prank(who);
        (, , start, ) = flow.submit{value: fee}(entry);
    }
}
