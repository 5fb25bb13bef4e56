// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Token with one quirk, well-behaved until `setHostile(true)`
/// @dev The campaign moves and reads balances past all quirks: {shift}, {held}, {granted}.
contract QuirkyToken {
    /// @param NoReturn Answers nothing; while hostile, transfers revert.
    /// @param ReturnsFalse Never reverts: while hostile, or without the means, transfers move nothing and return false.
    /// @param Reenters While hostile, makes one prepared call before it moves anything.
    /// @param BurnsGas Wants all the gas that it can have, and says no at once with less; while hostile, transfers burn it.
    /// @param TakesFee While hostile, one unit of every transfer vanishes.
    enum Quirk {
        NoReturn,
        ReturnsFalse,
        Reenters,
        BurnsGas,
        TakesFee
    }

    error Frozen();
    error Mute();
    error TooLittleGas();
    error HookFailed();

    /// @dev Just below what the contract promises a read and a transfer.
    uint256 private constant READ_GAS = 55_000;
    uint256 private constant TRANSFER_GAS = 195_000;

    Quirk private immutable QUIRK;

    mapping(address holder => uint256 amount) public held;
    mapping(address holder => mapping(address spender => uint256 amount)) public granted;
    bool public isHostile;
    /// @notice True while it does not tell balances and allowances.
    bool public isMute;

    address private _target;
    bytes private _data;
    /// @notice True when it refuses the transfer because the prepared call failed.
    bool public bubbles;
    bool public isReentered;
    /// @notice Error that the prepared call ended with, as far as it was outlived.
    bytes4 public refusal;

    constructor(Quirk quirk) {
        QUIRK = quirk;
    }

    /* THE CAMPAIGN'S OWN */

    function setHostile(bool hostile, bool mute) external {
        (isHostile, isMute) = (hostile, mute);
    }

    function mint(address to, uint256 amount) external {
        held[to] += amount;
    }

    function shift(address from, address to, uint256 amount) external {
        _move(from, to, amount);
    }

    /// @notice Prepares the call. Whether it went through is in `isReentered`.
    function arm(address target, bytes calldata data, bool bubble) external {
        (_target, _data, bubbles, isReentered, refusal) = (target, data, bubble, false, 0);
    }

    /* TOKEN */

    function balanceOf(address holder) external view returns (uint256) {
        _demandGas(READ_GAS);
        if (isMute) revert Mute();
        return held[holder];
    }

    function allowance(address holder, address spender) external view returns (uint256) {
        _demandGas(READ_GAS);
        if (isMute) revert Mute();
        return granted[holder][spender];
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        granted[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _transfer(msg.sender, msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        return _transfer(msg.sender, from, to, amount);
    }

    /* INTERNAL */

    function _transfer(address spender, address from, address to, uint256 amount) private returns (bool) {
        _demandGas(TRANSFER_GAS);
        if (isHostile) {
            if (QUIRK == Quirk.NoReturn) revert Frozen();
            if (QUIRK == Quirk.ReturnsFalse) return false;
            if (QUIRK == Quirk.BurnsGas) _burnGas();
            if (QUIRK == Quirk.Reenters) _reenter();
        }
        uint256 allowed = spender == from ? type(uint256).max : granted[from][spender];
        if (QUIRK == Quirk.ReturnsFalse && (held[from] < amount || allowed < amount)) return false;
        if (allowed != type(uint256).max) granted[from][spender] = allowed - amount;
        _move(from, to, amount);
        if (isHostile && QUIRK == Quirk.TakesFee && amount != 0) held[to] -= 1;
        if (QUIRK == Quirk.NoReturn) {
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        return true;
    }

    function _move(address from, address to, uint256 amount) private {
        held[from] -= amount;
        held[to] += amount;
    }

    function _demandGas(uint256 amount) private view {
        if (QUIRK == Quirk.BurnsGas && gasleft() < amount) revert TooLittleGas();
    }

    function _burnGas() private pure {
        // Memory grows quadratically dear, so that this ends at once however much gas there is.
        uint256[] memory waste = new uint256[](type(uint32).max);
        assert(waste.length == 0);
    }

    function _reenter() private {
        if (_target == address(0)) return;
        (bool ok, bytes memory answer) = _target.call(_data);
        if (!ok && bubbles) revert HookFailed();
        if (ok) isReentered = true;
        else refusal = bytes4(answer);
    }
}
