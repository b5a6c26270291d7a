// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Flow} from "./flow/Flow.sol";
import {IChunkLinearReward} from "./interfaces/IChunkLinearReward.sol";
import {PoraMine} from "./mine/PoraMine.sol";
import {ChunkLinearReward} from "./pay/ChunkLinearReward.sol";
import {FixedPrice} from "./pay/FixedPrice.sol";

/// @title Deploys the contracts that must know each other
/// @notice Flow charges through FixedPrice, which fills ChunkLinearReward, which pays through PoraMine, which reads Flow. Each keeps its partners in immutables, so their addresses are computed before they exist: a contract's
/// n-th creation has the address keccak256(rlp(address, n)).
contract Genesis {
    /// @param blocksPerEpoch Blocks of a mining epoch.
    /// @param pricePerSector Wei for a sector's whole lifetime.
    /// @param priceAdmin Who announces prices; the zero address fixes the price for good.
    /// @param sectorsPerPrice Sectors of a pricing chunk.
    /// @param releaseSeconds Seconds over which a fee is paid out.
    /// @param baseReward Wei that a mining hit earns besides, while the base-reward pool has them.
    /// @param serviceFeeRateBps Hundredths of a percent of every fee that go to the treasury.
    /// @param treasury Whose payments the service fees are; may be zero if there are none.
    struct Parameters {
        uint256 blocksPerEpoch;
        uint256 pricePerSector;
        address priceAdmin;
        uint256 sectorsPerPrice;
        uint256 releaseSeconds;
        uint256 baseReward;
        uint256 serviceFeeRateBps;
        address treasury;
    }

    Flow public immutable flow;
    FixedPrice public immutable market;
    ChunkLinearReward public immutable reward;
    PoraMine public immutable mine;

    constructor(Parameters memory p, PoraMine.Parameters memory mining) {
        // In this order each constructor finds its earlier partner deployed and checks that it names the newcomer, so a
        // wrong prediction cannot deploy.
        reward = new ChunkLinearReward(
            _child(2),
            _child(4),
            IChunkLinearReward.Terms({
                sectorsPerPrice: p.sectorsPerPrice,
                releaseSeconds: p.releaseSeconds,
                baseReward: p.baseReward,
                serviceFeeRateBps: p.serviceFeeRateBps,
                treasury: p.treasury
            })
        );
        market = new FixedPrice(p.pricePerSector, p.priceAdmin, _child(3), address(reward));
        flow = new Flow(payable(address(market)), p.blocksPerEpoch);
        mine = new PoraMine(address(flow), mining);
    }

    /// @dev rlp([address, n]) for 0 < n < 128 is d6 94 address n; a contract's own first creation has n = 1.
    function _child(uint8 n) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), n)))));
    }
}
