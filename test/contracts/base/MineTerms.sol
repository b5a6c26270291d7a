// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PoraMine} from "../../../contracts/mine/PoraMine.sol";

/// @notice Mining that fits every pricing chunk and epoch, for tests that do not mine. Each ticket would be accepted.
function anyMining() pure returns (PoraMine.Parameters memory) {
    return
        PoraMine.Parameters({
            difficulty: 1,
            minDifficulty: 1,
            targetMineBlocks: 1,
            targetSubmissions: 1,
            difficultyAdjustRatio: 1,
            maxShards: 1,
            nSubtasks: 1,
            subtaskInterval: 1,
            maxMiningLength: 1024
        });
}
