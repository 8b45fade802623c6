import ArgumentParser

/// `ovm vm`
struct VirtualMachineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vm", abstract: "Creates, starts, stops and changes virtual machines.",
        discussion: """
              ovm vm create -f web01.cfg --preferred alpha,beta
              ovm vm explain web01
              ovm vm start web01
            """,
        subcommands: [
            VirtualMachineCreateCommand.self, VirtualMachineListCommand.self, VirtualMachineShowCommand.self, VirtualMachineTopCommand.self,
            VirtualMachineStartCommand.self, VirtualMachineStopCommand.self, VirtualMachineRebootCommand.self,
            VirtualMachinePauseCommand.self, VirtualMachineUnpauseCommand.self, VirtualMachineSuspendCommand.self,
            VirtualMachineResumeCommand.self, VirtualMachineMigrateCommand.self, VirtualMachineDeleteCommand.self,
            VirtualMachineExplainCommand.self, VirtualMachineSetCommand.self, VirtualMachineDiskCommand.self,
            VirtualMachineDriveCommand.self, VirtualMachineInterfaceCommand.self, VirtualMachineResetStatusCommand.self,
            VirtualMachineConsoleCommand.self, VirtualMachineDisplayCommand.self, VirtualMachineTagCommand.self,
            VirtualMachineConfigurationCommand.self,
        ])
}
