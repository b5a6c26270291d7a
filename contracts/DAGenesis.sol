// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DASampling} from "./da/DASampling.sol";
import {DASigners} from "./da/DASigners.sol";
import {IDAEntrance} from "./interfaces/IDAEntrance.sol";
import {IDASampling} from "./interfaces/IDASampling.sol";
import {IDASigners} from "./interfaces/IDASigners.sol";

/// @title Deploys the DA contracts, which must know each other
/// @notice DASigners lets DASampling slash, DASampling and DAChallenge work for DAEntrance, which trusts the three. Each
/// keeps its partners in immutables, so their addresses are computed before they exist, as in Genesis. All four together
/// are longer than the 49,152 bytes that one creation may take (EIP-3860): the last two come in a second transaction, which
/// brings their code; what they are created with is fixed in the first.
contract DAGenesis {
    /// @param signers Terms of DASigners.
    /// @param sampling Terms of DASampling.
    /// @param challengeWindow Blocks in which a challenge can be answered.
    /// @param minBaseFee Wei for a unit of gas that a challenger pays for at least.
    /// @param entrance Terms of DAEntrance.
    struct Parameters {
        IDASigners.Terms signers;
        IDASampling.Terms sampling;
        uint64 challengeWindow;
        uint96 minBaseFee;
        IDAEntrance.Terms entrance;
    }

    /// @notice Whoever brings code decides what it does: only who deployed this contract.
    error NotDeployer(address caller, address deployer);
    /// @notice All are there already.
    error AlreadyComplete(address entrance);
    /// @notice The code that was brought left nothing where a contract belongs.
    error NotCreated(address created, address expected);
    /// @notice A challenge must end while the batch is retained.
    error ChallengeOutlastsRetention(uint256 challengeWindow, uint256 retention);

    address public immutable deployer;
    address public immutable flow;
    DASigners public immutable signers;
    DASampling public immutable sampling;
    /// @notice Where DAChallenge is, or will be.
    address public immutable challenges;
    /// @notice Where DAEntrance is, or will be.
    address public immutable entrance;

    uint64 private immutable _challengeWindow;
    uint96 private immutable _minBaseFee;
    IDAEntrance.Terms private _terms;

    constructor(address flow_, Parameters memory p) {
        if (p.challengeWindow >= p.entrance.retention) {
            revert ChallengeOutlastsRetention(p.challengeWindow, p.entrance.retention);
        }
        deployer = msg.sender;
        flow = flow_;
        (challenges, entrance) = (_child(3), _child(4));
        (_challengeWindow, _minBaseFee) = (p.challengeWindow, p.minBaseFee);
        _terms = p.entrance;
        // Each constructor finds its earlier partner deployed and checks that it names the newcomer.
        signers = new DASigners(p.signers, _child(2));
        sampling = new DASampling(_child(4), address(signers), p.sampling);
    }

    /// @notice Creates DAChallenge and DAEntrance. Each creation code is without arguments.
    function complete(bytes calldata challengeCode, bytes calldata entranceCode) external {
        if (msg.sender != deployer) revert NotDeployer(msg.sender, deployer);
        if (entrance.code.length != 0) revert AlreadyComplete(entrance);
        _create(bytes.concat(challengeCode, abi.encode(entrance, _challengeWindow, _minBaseFee)), challenges);
        IDAEntrance.Partners memory partners = IDAEntrance.Partners({
            signers: address(signers),
            sampling: address(sampling),
            challenges: challenges
        });
        _create(bytes.concat(entranceCode, abi.encode(flow, partners, _terms)), entrance);
    }

    function _create(bytes memory code, address expected) private {
        address created;
        // The language creates only what it knows at compile time.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
            if and(iszero(created), gt(returndatasize(), 0)) {
                let reason := mload(0x40)
                returndatacopy(reason, 0, returndatasize())
                revert(reason, returndatasize())
            }
        }
        // Without code where the last one belongs this could be called again, and would create elsewhere.
        if (created != expected || created.code.length == 0) revert NotCreated(created, expected);
    }

    /// @dev rlp([address, n]) for 0 < n < 128 is d6 94 address n; a contract's own first creation has n = 1.
    function _child(uint8 n) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), n)))));
    }
}
