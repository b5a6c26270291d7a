// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAChallenge} from "../../../contracts/interfaces/IDAChallenge.sol";
import {RowsProof} from "../../../contracts/types/RowsProof.sol";
import {ChallengeTest} from "../da/ChallengeTest.sol";
import {KnownRows} from "../da/KnownRows.sol";

/// @notice Transactions of DAChallenge, each whole and all storage cold. Those of a batch of 512 rows have the longest path,
/// those of 480 the most nodes; no byte of cell or proof is zero. The dearest answer bounds ANSWER_GAS.
contract ChallengeSnapshots is ChallengeTest {
    using KnownRows for KnownRows.Batch;

    /// @dev EIP-7623: a transaction that is mostly calldata pays at least ten gas a token, a byte that is not zero being four.
    uint256 internal constant FLOOR = 10;

    IDAChallenge.CellId internal _long;
    IDAChallenge.CellId internal _wide;
    IDAChallenge.CellId internal _other;
    IDAChallenge.CellId internal _deposited;
    bytes internal _longAnswer;
    bytes internal _wideAnswer;
    bytes internal _depositedAnswer;

    function setUp() external {
        _deploy();
        KnownRows.Batch memory b = KnownRows.make("512 rows", 512, 300);
        (_long, _other) = (_at(_available(b), 300, 77), _at(_available(b), 300, 78));
        _longAnswer = abi.encodeCall(IDAChallenge.answer, (_long, b.cell(77), b.proof(77)));
        b = KnownRows.make("480 rows", 480, 200);
        _wide = _at(_available(b), 200, 77);
        _wideAnswer = abi.encodeCall(IDAChallenge.answer, (_wide, b.cell(77), b.proof(77)));
        _challenge(_wide);
        _challenge(_long);
        b = KnownRows.make("480 others", 480, 200);
        _deposited = _at(_available(b), 200, 77);
        _depositedAnswer = abi.encodeCall(IDAChallenge.answer, (_deposited, b.cell(77), b.proof(77)));
        uint256 paid = challenges.requiredBond(_deposited.batchId) + 1;
        vm.deal(challenger, paid);
        vm.prank(challenger);
        challenges.challenge{value: paid}(_deposited);
    }

    function test_Challenge() external {
        uint256 bond = challenges.requiredBond(_other.batchId);
        vm.deal(challenger, bond);
        bytes memory data = abi.encodeCall(IDAChallenge.challenge, (_other));
        // What this contract pays for a call with value, no transaction pays; it also gives 2,300 to the callee.
        uint256 used = _transact(challenger, bond, data) - 9_000;
        gasLine("DAChallenge.challenge", used, 150_000);
    }

    function test_AnswerLong() external {
        uint256 used = _transact(node, 0, _longAnswer);
        gasLine("DAChallenge.answer: of 512 rows, the first of its answerer", used, challenges.ANSWER_GAS());
    }

    function test_AnswerWide() external {
        uint256 used = _transact(node, 0, _wideAnswer);
        gasLine("DAChallenge.answer: of 480 rows, the first of its answerer", used, challenges.ANSWER_GAS());
    }

    /// @dev The dearest: two accounts get their first credit.
    function test_AnswerDeposit() external {
        uint256 used = _transact(node, 0, _depositedAnswer);
        gasLine(
            "DAChallenge.answer: of 480 rows, the first of its answerer and of its challenger",
            used,
            challenges.ANSWER_GAS()
        );
    }

    /// @dev Without what DAEntrance does with the bond.
    function test_Resolve() external {
        _pass(WINDOW + 1);
        uint256 used = _transact(node, 0, abi.encodeCall(IDAChallenge.resolve, (_long)));
        gasLine("DAChallenge.resolve: without DAEntrance", used, 150_000);
    }

    function test_Sizes() external {
        sizeLine("DAChallenge", address(challenges));
    }

    function _transact(address from, uint256 value, bytes memory data) internal returns (uint256 used) {
        uint256 zeros = 0;
        for (uint256 i = 0; i < data.length; ++i) if (data[i] == 0) ++zeros;
        uint256 tokens = zeros + (data.length - zeros) * 4;
        vm.prank(from);
        uint256 before = gasleft();
        (bool success, ) = address(challenges).call{value: value}(data);
        used = before - gasleft() + 4 * tokens;
        vm.assertTrue(success);
        if (used < FLOOR * tokens) used = FLOOR * tokens;
        used += 21_000;
    }
}
