// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DAGenesis} from "../../contracts/DAGenesis.sol";
import {DAChallenge} from "../../contracts/da/DAChallenge.sol";
import {DAEntrance} from "../../contracts/da/DAEntrance.sol";
import {IDAEntrance} from "../../contracts/interfaces/IDAEntrance.sol";
import {IDASampling} from "../../contracts/interfaces/IDASampling.sol";
import {IDASigners} from "../../contracts/interfaces/IDASigners.sol";
import {StorageTest} from "./base/StorageTest.sol";

/// @notice Refuses what it is created with, by name.
contract Refuser {
    error Refused(address flow);

    constructor(address flow, IDAEntrance.Partners memory, IDAEntrance.Terms memory) {
        revert Refused(flow);
    }
}

contract DAGenesisTest is StorageTest {
    DAGenesis private _genesis;

    function setUp() public override {
        super.setUp();
        _genesis = new DAGenesis(address(flow), _parameters());
    }

    function test_EveryContractNamesItsPartnersAndItsTerms() external {
        _complete();
        IDAEntrance entrance = IDAEntrance(_genesis.entrance());
        DAChallenge challenges = DAChallenge(_genesis.challenges());
        vm.assertEq(address(challenges), vm.computeCreateAddress(address(_genesis), 3));
        vm.assertEq(address(entrance), vm.computeCreateAddress(address(_genesis), 4));
        vm.assertEq(entrance.flow(), address(flow));
        vm.assertEq(entrance.signers(), address(_genesis.signers()));
        vm.assertEq(entrance.sampling(), address(_genesis.sampling()));
        vm.assertEq(entrance.challenges(), address(challenges));
        vm.assertEq(entrance.confirmWindow(), 120);
        vm.assertEq(entrance.retention(), 3600);
        vm.assertEq(entrance.bondPerRow(), 5);
        vm.assertEq(entrance.daFeePerRow(), 6);
        vm.assertEq(_genesis.signers().sampling(), address(_genesis.sampling()));
        vm.assertEq(_genesis.signers().minStake(), 1 ether);
        vm.assertEq(_genesis.sampling().entrance(), address(entrance));
        vm.assertEq(_genesis.sampling().signers(), address(_genesis.signers()));
        vm.assertEq(challenges.entrance(), address(entrance));
        vm.assertEq(challenges.window(), 256);
        vm.assertEq(challenges.minBaseFee(), 7);
    }

    function test_OnlyItsDeployerBringsTheCodeAndOnce() external {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(DAGenesis.NotDeployer.selector, alice, address(this)));
        _complete();

        _complete();
        vm.expectRevert(abi.encodeWithSelector(DAGenesis.AlreadyComplete.selector, _genesis.entrance()));
        _complete();
    }

    function test_CodeThatCreatesNothingChangesNothing() external {
        (address third, address fourth) = (_genesis.challenges(), _genesis.entrance());
        vm.expectRevert(abi.encodeWithSelector(DAGenesis.NotCreated.selector, address(0), third));
        _complete(hex"fe", type(DAEntrance).creationCode);
        vm.expectRevert(abi.encodeWithSelector(DAGenesis.NotCreated.selector, third, third));
        _complete(hex"00", type(DAEntrance).creationCode);
        vm.expectRevert(abi.encodeWithSelector(DAGenesis.NotCreated.selector, address(0), fourth));
        _complete(type(DAChallenge).creationCode, hex"fe");
        vm.expectRevert(abi.encodeWithSelector(Refuser.Refused.selector, address(flow)));
        _complete(type(DAChallenge).creationCode, type(Refuser).creationCode);
        vm.assertEq(third.code.length, 0);

        _complete();
        vm.assertGt(_genesis.entrance().code.length, 0);
    }

    function test_AChallengeThatOutlastsRetentionIsRefused() external {
        DAGenesis.Parameters memory p = _parameters();
        p.challengeWindow = p.entrance.retention;
        vm.expectRevert(abi.encodeWithSelector(DAGenesis.ChallengeOutlastsRetention.selector, 3600, 3600));
        new DAGenesis(address(flow), p);
    }

    /// EIP-3860: a larger one could be created on no chain.
    function test_TheInitCodesFitIntoATransaction() external view {
        bytes memory arguments = abi.encode(flow, _parameters());
        vm.assertLe(type(DAGenesis).creationCode.length + arguments.length, 49_152);
        vm.assertLe(type(DAEntrance).creationCode.length + 256, 49_152);
    }

    function _complete() private {
        _genesis.complete(type(DAChallenge).creationCode, type(DAEntrance).creationCode);
    }

    function _complete(bytes memory challengeCode, bytes memory entranceCode) private {
        _genesis.complete(challengeCode, entranceCode);
    }

    function _parameters() private pure returns (DAGenesis.Parameters memory) {
        return
            DAGenesis.Parameters({
                signers: IDASigners.Terms({
                    epochBlocks: 120,
                    minStake: 1 ether,
                    leaseEpochs: 240,
                    unbonding: 4800,
                    jailBlocks: 1200,
                    slashBps: 1000,
                    reporterBps: 1000
                }),
                sampling: IDASampling.Terms({
                    samples: 52,
                    claimWindow: 300,
                    auditWindow: 300,
                    slashWindow: 300,
                    auditBps: 1250,
                    roundBlocks: 60,
                    targetClaims: 16,
                    minPrize: 1e12
                }),
                challengeWindow: 256,
                minBaseFee: 7,
                entrance: IDAEntrance.Terms({confirmWindow: 120, retention: 3600, bondPerRow: 5, daFeePerRow: 6})
            });
    }
}
