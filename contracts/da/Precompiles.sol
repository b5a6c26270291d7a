// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BLS} from "../libraries/BLS.sol";
import {PointLib} from "../libraries/PointLib.sol";
import {G1, G2} from "../types/Points.sol";

/// @notice Deployed before everything else: its constructor refuses a chain that lacks a precompile the system needs.
/// @dev A call to an address without code succeeds with empty output, so known inputs must give known outputs. Each call
/// gets twice its price, for a refused input burns all gas given.
contract Precompiles {
    /// @notice The precompile does not answer a known input as its EIP says.
    error PrecompileMissing(address precompile);

    address private constant POINT_EVALUATION = address(0x0a);
    uint256 private constant POINT_EVALUATION_GAS = 100_000;

    constructor() {
        _pointEvaluation();
        _curve();
        _pairing();
        _hashToCurve();
    }

    /// @dev EIP-4844: an opening from the c-kzg-4844 vectors (verify_kzg_proof_case_correct_proof_2_5).
    function _pointEvaluation() private view {
        bytes memory input = abi.encodePacked(
            bytes32(0x014edfed8547661f6cb416eba53061a2f6dce872c0497e6dd485a876fe2567f1),
            bytes32(0x564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d36306),
            bytes32(0x6d928e13fe443e957d82e3e71d48cb65d51028eb4483e719bf8efcdf12f7c321),
            hex"a421e229565952cfff4ef3517100a97da1d4fe57956fa50a442f92af03b1bf37adacc8ad4ed209b31287ea5bb94d9d06",
            hex"a444d6bb5aadc3ceb615b50d6606bd54bfe529f59247987cd1ab848d19de599a9052f1835fb0d0d44cf70183e19a68c9"
        );
        // Field elements of a blob, and the scalar field's modulus.
        bytes memory output = abi.encode(4096, 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001);
        _expect(POINT_EVALUATION, POINT_EVALUATION_GAS, input, keccak256(output));
    }

    /// @dev EIP-2537: the doubled generators.
    function _curve() private view {
        bytes32 twoG1 = 0xd2b0d7b43ce993a817a069205ed3d7a139117befb9c0865d520f91ba88ac133b;
        bytes32 twoG2 = 0xca1308ad7babea380be417af0920e37dad333649603f01c9f44687ede587e7f9;
        _expect(BLS.G1ADD, BLS.G1ADD_GAS, abi.encode(_g1(), _g1()), twoG1);
        _expect(BLS.G2ADD, BLS.G2ADD_GAS, abi.encode(_g2(), _g2()), twoG2);
        _expect(BLS.G1MSM, BLS.G1MSM_GAS, abi.encode(_g1(), 2), twoG1);
    }

    /// @dev e(−G1, G2) · e(G1, G2) = 1, and e(G1, G2)² ≠ 1.
    function _pairing() private view {
        bytes memory one = abi.encode(_g1().negate(), _g2(), _g1(), _g2());
        bytes memory other = abi.encode(_g1(), _g2(), _g1(), _g2());
        _expect(BLS.PAIRING, BLS.PAIRING_GAS, one, keccak256(abi.encode(1)));
        _expect(BLS.PAIRING, BLS.PAIRING_GAS, other, keccak256(abi.encode(0)));
    }

    /// @dev The two steps of hashing to G2: (2^512 − 1) mod p, and the map of 1 + 2u.
    function _hashToCurve() private view {
        bytes memory reduce = abi.encodePacked(
            [uint256(64), 1, 64, type(uint256).max, type(uint256).max],
            uint8(1),
            [PointLib.P_HI, PointLib.P_LO]
        );
        bytes32 reduced = 0xb5ca29778e573e84b87d5ca534a4d2e97676b14e7e4b5475213e691e2ce7db0c;
        bytes32 mapped = 0x79c1bf817b911f2ac465f8eb19b1a6b4ffda19575537669fdcc7e61005f1d837;
        _expect(BLS.MODEXP, BLS.MODEXP_GAS, reduce, reduced);
        _expect(BLS.MAP_FP2_TO_G2, BLS.MAP_GAS, abi.encode(0, 1, 0, 2), mapped);
    }

    function _expect(address precompile, uint256 gasCap, bytes memory input, bytes32 outputHash) private view {
        (bool success, bytes memory output) = precompile.staticcall{gas: gasCap}(input);
        if (!success || keccak256(output) != outputHash) revert PrecompileMissing(precompile);
    }

    function _g1() private pure returns (G1 memory) {
        return
            G1(
                0x17f1d3a73197d7942695638c4fa9ac0f,
                0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb,
                0x08b3f481e3aaa0f1a09e30ed741d8ae4,
                0xfcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1
            );
    }

    function _g2() private pure returns (G2 memory) {
        return
            G2(
                0x024aa2b2f08f0a91260805272dc51051,
                0xc6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8,
                0x13e02b6052719f607dacd3a088274f65,
                0x596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e,
                0x0ce5d527727d6e118cc9cdc6da2e351a,
                0xadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801,
                0x0606c4a02ea734cc32acd2b02bc28b99,
                0xcb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be
            );
    }
}
