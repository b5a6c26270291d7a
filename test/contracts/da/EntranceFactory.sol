// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DAEntrance} from "../../../contracts/da/DAEntrance.sol";
import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {IDAChallenges} from "../../../contracts/interfaces/IDAPartner.sol";

/// @notice Stands where DASampling or DAChallenge is, and says what a test lets it say.
contract PartnerDouble is IDAChallenges {
    address public immutable entrance;
    mapping(bytes32 batchId => uint256) public openChallenges;

    constructor(address entrance_) {
        entrance = entrance_;
    }

    function setOpen(bytes32 batchId, uint256 count) external {
        openChallenges[batchId] = count;
    }

    function pay(address to, uint256 amount) external returns (uint256) {
        return IDAEntrance(entrance).paySample(to, amount);
    }

    function lose(bytes32 batchId, address reporter) external {
        IDAEntrance(entrance).loseBond(batchId, reporter);
    }
}

/// @notice Deploys an entrance after its partners, which name it before it is there: children 1, 2 and 3 of this contract.
contract EntranceFactory {
    PartnerDouble public immutable sampling;
    PartnerDouble public immutable challenges;
    DAEntrance public immutable entrance;

    constructor(address flow, address signers, IDAEntrance.Terms memory terms) {
        address third = address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), uint8(3))))));
        sampling = new PartnerDouble(third);
        challenges = new PartnerDouble(third);
        entrance = new DAEntrance(flow, IDAEntrance.Partners(signers, address(sampling), address(challenges)), terms);
    }
}
